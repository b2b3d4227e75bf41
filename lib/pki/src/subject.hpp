// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parsed.hpp"

namespace signet::pki {

using X509Name = ossl::Handle<X509_NAME, X509_NAME_free>;

/// The X.501 name of a subject: at least one attribute, each within the bounds of RFC 5280 appendix A.1; "pki.subject"
/// otherwise.
Result<X509Name> to_name(const Subject& subject);
/// A name as Subject, if it has only attributes that Subject has, each once.
Result<Subject> to_subject(const X509_NAME* name);
/// subjectAltName of DNS names and IP addresses; "pki.dns-name" (usage) for what is neither.
Result<GeneralNames> to_general_names(std::span<const std::string> names);

}  // namespace signet::pki
