// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <stdexcept>
#include <vector>

namespace signet::cli {

inline Command sample_sign() {
  return {
      .noun = "box",
      .verb = "sign",
      .summary = "Sign a box",
      .description = "First paragraph.\nSame one.\n\n.Second 'paragraph' with \\ and `ticks`.",
      .positionals = {{.name = "BOX", .help = "The box."},
                      {.name = "MORE", .help = "Others.", .required = false, .repeatable = true}},
      .options =
          {{.name = "--key", .value = "URI", .help = "The key: [file or token].", .required = true},
           {.name = "--tag", .value = "TEXT", .help = "A tag.", .repeatable = true, .complete = Complete::nothing},
           {.name = "--hash",
            .value = "NAME",
            .help = "Which hash.",
            .fallback = "sha256",
            .choices = {"sha256", "sha384"}},
           {.name = "--count", .value = "N", .help = "How many.", .fallback = "3"},
           {.name = "--out", .value = "FILE", .help = "Where to.", .complete = Complete::file},
           {.name = "--into", .value = "DIR", .help = "Which folder.", .complete = Complete::folder},
           {.name = "--force", .help = "Overwrite."}},
      .examples = {{"signet box sign --key file:k a.box", "Sign one box."}},
      .run = [](const Invocation& invocation) -> Result<void> {
        TRY_ASSIGN(const std::uint64_t count, invocation.get_uint("--count", 1, 9));
        Json more = Json::array();
        for (const std::string& name : invocation.all("MORE")) more.push(name);
        Json tags = Json::array();
        for (const std::string& tag : invocation.all("--tag")) tags.push(tag);
        invocation.out().line("signed " + invocation.get("BOX"));
        invocation.out().result(Json::object({{"box", invocation.get("BOX")},
                                              {"key", invocation.get("--key")},
                                              {"hash", invocation.get("--hash")},
                                              {"hash_given", invocation.has("--hash")},
                                              {"count", count},
                                              {"force", invocation.has("--force")},
                                              {"more", std::move(more)},
                                              {"tags", std::move(tags)}}));
        return {};
      },
  };
}

inline Command sample_open() {
  return {
      .noun = "box",
      .verb = "open",
      .summary = "Open a box",
      .description = "Always refuses.",
      .examples = {{"signet box open", "Try."}},
      .run = [](const Invocation&) -> Result<void> {
        return Error(Errc::untrusted, "box.sealed", "the box says \x1b[31mno", "Ask its owner.")
            .with_context("open the box");
      },
  };
}

inline Command sample_dance() {
  return {
      .noun = "dance",
      .verb = "",
      .summary = "Dance",
      .description = "One word.",
      .examples = {{"signet dance", "Go."}},
      .run = [](const Invocation& invocation) -> Result<void> {
        invocation.out().progress("dancing", 1, 2);
        invocation.out().line("\x1b[32mgreen\x1b[0m and \x1b[2Jwiped");
        invocation.out().raw(as_bytes("raw\n"));
        return {};
      },
  };
}

inline Command sample_taste() {
  return {.noun = "taste",
          .verb = "",
          .summary = "Taste it",
          .description = "Answers with its exit code.",
          .positionals = {{.name = "ANSWER", .help = "What to say."}},
          .examples = {{"signet taste good", "Taste."}},
          .run = [](const Invocation& invocation) -> Result<void> {
            const std::string answer = invocation.get("ANSWER");
            if (answer == "bad") return Error(Errc::untrusted, "box.bad", "a bad box", "Ask its owner.");
            if (answer == "empty") return Error(Errc::not_found, "box.empty", "an empty box", "Ask its owner.");
            if (answer == "gone") return Error(Errc::not_found, "box.gone", "no box", "Ask its owner.");
            if (answer == "throw") throw std::runtime_error("the lid");
            return {};
          },
          .exits = {{.code = 0, .reasons = {}, .meaning = "good"},
                    {.code = 1, .reasons = {"box.bad"}, .meaning = "bad"},
                    {.code = 2, .reasons = {"box.empty"}, .meaning = "empty"}}};
}

/// Commands that use every feature of the frame; for tests and the fuzz target.
inline std::vector<Command> sample_commands() { return {sample_sign(), sample_open(), sample_dance(), sample_taste()}; }

}  // namespace signet::cli
