// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle_delta.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "firmware_common.hpp"

#include <unistd.h>

#include <optional>

namespace signet::cli::firmware {

namespace {

/// Writes an image that appears under its name only when it is whole.
class PendingImage : public delta::ImageWriter {
 public:
  explicit PendingImage(os::PendingFile file) : file_(std::move(file)) {}
  Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
    return os::write_all_at(file_.fd(), offset, bytes);
  }
  Result<void> commit(std::uint64_t size_bytes) {
    if (::ftruncate(file_.fd().get(), static_cast<off_t>(size_bytes)) != 0) {
      return errno_error(errno, "set the size of a file");
    }
    return file_.commit();
  }

 private:
  os::PendingFile file_;
};

/// A bundle in a file whose front was verified.
struct OpenBundle {
  std::unique_ptr<delta::ImageReader> reader;
  std::unique_ptr<delta::RangeSource> file;
  bundle::VerifiedBundle verified;
};

Result<OpenBundle> open_bundle(const Invocation& call, const std::string& path) {
  TRY_ASSIGN(const bundle::TrustPolicy policy, policy_from(call));
  TRY_ASSIGN(const Untrusted<bundle::Head> head, load_head(path));
  TRY_ASSIGN(bundle::VerifiedBundle verified, bundle::verify(head, policy, os::SystemClock().now()));
  TRY_ASSIGN(std::unique_ptr<delta::ImageReader> reader, delta::open_image(path));
  std::unique_ptr<delta::RangeSource> file = delta::ranges_of(*reader);
  return OpenBundle{std::move(reader), std::move(file), std::move(verified)};
}

Error no_parts(const std::string& path, const std::string& role) {
  return {Errc::invalid_input, "firmware.no-delta",
          "'" + printable(path) + "' does not carry image '" + printable(role) + "' in parts",
          "Pack it with --delta-index, or make a patch with 'signet firmware delta-make'."};
}

/// What the device has: from the index of the bundle that it installed, or from its image.
Result<delta::Inventory> inventory_of(const Invocation& call, delta::ImageReader* old) {
  if (call.has("--old-bundle")) {
    TRY_ASSIGN(const OpenBundle before, open_bundle(call, call.get("--old-bundle")));
    TRY_ASSIGN(const delta::Index index, bundle::read_index(before.verified, call.get("--role"), *before.file));
    return delta::Inventory::of(index);
  }
  if (old == nullptr) return delta::Inventory::none();
  return delta::Inventory::scan(*old, progress_to(call.out(), "reading the old image"));
}

Json plan_json(const delta::Plan& plan, std::uint64_t front_bytes, std::uint64_t index_bytes) {
  return Json::object({{"kind", "chunks"},
                       {"image_size_bytes", plan.index.image_size_bytes()},
                       {"store_size_bytes", plan.index.store_size_bytes()},
                       {"front_bytes", front_bytes},
                       {"index_bytes", index_bytes},
                       {"fetched_bytes", plan.fetched_bytes},
                       {"copied_bytes", plan.copied_bytes},
                       {"requests", static_cast<std::uint64_t>(plan.ranges.size()) + 2},
                       {"download_bytes", front_bytes + index_bytes + plan.fetched_bytes}});
}

Result<void> plan_chunks(const Invocation& call, const OpenBundle& fresh, std::uint64_t front_bytes) {
  const std::string role = call.get("--role");
  TRY_ASSIGN(const delta::Index index, bundle::read_index(fresh.verified, role, *fresh.file));
  TRY_ASSIGN(const bundle::Place place, bundle::place_of(fresh.verified, role + ".index"));
  std::unique_ptr<delta::ImageReader> old;
  if (call.has("--old")) {
    TRY_ASSIGN(old, delta::open_image(call.get("--old")));
  }
  TRY_ASSIGN(const delta::Inventory inventory, inventory_of(call, old.get()));
  const delta::Plan plan = delta::plan(index, inventory);
  const Json json = plan_json(plan, front_bytes, place.image_at + place.image_bytes - place.table_at);
  const std::uint64_t download = json.uint_at("download_bytes").value_or(0);
  call.out().line("Image " + role + " of " + human_size(index.image_size_bytes()) + ": fetch " + human_size(download) +
                  " in " + std::to_string(plan.ranges.size() + 2) + " requests, copy " + human_size(plan.copied_bytes) +
                  " from the old image.");
  call.out().result(json);
  return {};
}

Result<void> run_plan(const Invocation& call) {
  const std::string path = call.get("BUNDLE");
  const std::string role = call.get("--role");
  TRY_ASSIGN(const OpenBundle fresh, open_bundle(call, path));
  const auto& manifest = fresh.verified.manifest();
  TRY_ASSIGN(const bundle::Place first, bundle::place_of(fresh.verified, manifest.images.front().role));
  switch (bundle::encoding_of(manifest, role)) {
    case bundle::Encoding::chunks:
      return plan_chunks(call, fresh, first.table_at);
    case bundle::Encoding::patch: {
      TRY_ASSIGN(const bundle::Place head, bundle::place_of(fresh.verified, role + ".patch"));
      TRY_ASSIGN(const bundle::Place data, bundle::place_of(fresh.verified, role + ".patch-data"));
      const std::uint64_t head_bytes = head.image_at + head.image_bytes - head.table_at;
      const std::uint64_t download = first.table_at + head_bytes + data.image_bytes;
      call.out().line("Image " + role + ": a patch; fetch " + human_size(download) + " in 3 requests.");
      call.out().result(Json::object({{"kind", "patch"}, {"requests", 3}, {"download_bytes", download}}));
      return {};
    }
    default:
      return no_parts(path, role);
  }
}

delta::ApplyOptions apply_options(const Invocation& call) {
  return {.from = 0, .checkpoint = {}, .progress = progress_to(call.out(), "updating")};
}

/// What was made, for the last look and the report.
struct Made {
  delta::Applied applied;
  std::uint64_t size_bytes = 0;
};

Result<Made> make_image(const Invocation& call, const OpenBundle& fresh, delta::ImageReader* old, PendingImage& out) {
  const std::string role = call.get("--role");
  TRY_ASSIGN(const std::unique_ptr<delta::RangeSource> store, bundle::store_of(fresh.verified, role, *fresh.file));
  if (bundle::encoding_of(fresh.verified.manifest(), role) == bundle::Encoding::patch) {
    if (old == nullptr) {
      return Error(Errc::usage, "firmware.old-missing", "a patch needs the image that it patches",
                   "Give it with --old.");
    }
    TRY_ASSIGN(const delta::Patch patch, bundle::read_patch(fresh.verified, role, *fresh.file));
    TRY_ASSIGN(const delta::Applied applied, delta::apply_patch(patch, *old, *store, out, apply_options(call)));
    return Made{applied, patch.new_size_bytes()};
  }
  TRY_ASSIGN(const delta::Index index, bundle::read_index(fresh.verified, role, *fresh.file));
  TRY_ASSIGN(const delta::Inventory inventory, inventory_of(call, old));
  const delta::Plan plan = delta::plan(index, inventory);
  TRY_ASSIGN(const delta::Applied applied, delta::apply(plan, old, *store, out, apply_options(call)));
  return Made{applied, index.image_size_bytes()};
}

Result<void> run_apply(const Invocation& call) {
  const std::string path = call.get("BUNDLE");
  const std::string target = call.get("IMAGE");
  TRY_ASSIGN(const OpenBundle fresh, open_bundle(call, path));
  const auto encoding = bundle::encoding_of(fresh.verified.manifest(), call.get("--role"));
  if (encoding != bundle::Encoding::chunks && encoding != bundle::Encoding::patch) {
    return no_parts(path, call.get("--role"));
  }
  std::unique_ptr<delta::ImageReader> old;
  if (call.has("--old")) {
    TRY_ASSIGN(old, delta::open_image(call.get("--old")));
  } else if (call.has("--old-bundle")) {
    return Error(Errc::usage, "firmware.old-missing", "--old-bundle says what the old image holds, but not where it is",
                 "Give the image with --old as well.");
  }
  os::remove_leftovers(target);
  TRY_ASSIGN(os::PendingFile pending, os::PendingFile::create(target));
  PendingImage out(std::move(pending));
  TRY_ASSIGN(const Made made, make_image(call, fresh, old.get(), out));
  TRY(out.commit(made.size_bytes));
  call.out().line("Made " + printable(target) + ", " + human_size(made.size_bytes) + ", from " +
                  human_size(made.applied.fetched_bytes) + " of " + printable(path) +
                  (made.applied.mended_chunks == 0
                       ? "."
                       : "; " + std::to_string(made.applied.mended_chunks) +
                             " chunks were not in the old image as promised and were fetched."));
  call.out().result(Json::object({{"image", target},
                                  {"image_size_bytes", made.size_bytes},
                                  {"fetched_bytes", made.applied.fetched_bytes},
                                  {"requests", made.applied.requests},
                                  {"mended_chunks", made.applied.mended_chunks}}));
  return {};
}

Result<void> run_make(const Invocation& call) {
  const std::string target = call.get("BUNDLE");
  const std::string role = call.get("--role");
  TRY(check_name(role, "role of an image"));
  TRY_ASSIGN(const Untrusted<bundle::Head> like, load_head(call.get("--release")));
  TRY_ASSIGN(bundle::Manifest manifest, bundle::Manifest::parse(like.unverified().manifest));
  TRY_ASSIGN(const ScratchFolder scratch, ScratchFolder::beside(target));
  TRY_ASSIGN(const std::vector<bundle::ImageFile> parts,
             bundle::patch_image(role, call.get("OLD"), call.get("NEW"), scratch.path(),
                                 progress_to(call.out(), "comparing")));
  TRY_ASSIGN(manifest, bundle::pack(std::move(manifest), parts, target, progress_to(call.out(), "packing")));
  std::uint64_t size = 0;
  for (const bundle::Image& image : manifest.images) size += image.size_bytes;
  call.out().line("Made the patch " + printable(target) + " of " + human_size(size) + ", not signed yet.");
  call.out().line("Next: signet firmware sign " + printable(target) + " --key URI --certificate FILE");
  call.out().result(
      Json::object({{"bundle", target}, {"patch_size_bytes", size}, {"manifest", manifest_json(manifest)}}));
  return {};
}

const Option k_role{.name = "--role", .value = "NAME", .help = "Image that is meant.", .fallback = "rootfs"};
const Option k_old{.name = "--old",
                   .value = "IMAGE",
                   .help = "Image that the device has; nothing if not given.",
                   .complete = Complete::file};
const Option k_old_bundle{.name = "--old-bundle",
                          .value = "BUNDLE",
                          .help = "Bundle that it came from: its index saves reading the image.",
                          .complete = Complete::file};

std::vector<Option> with_trust(std::vector<Option> options) {
  for (Option& option : trust_options()) options.push_back(std::move(option));
  return options;
}

}  // namespace

std::vector<Command> delta_commands() {
  Command plan{
      .noun = "firmware",
      .verb = "delta-plan",
      .summary = "Say how much of a bundle a device has to fetch",
      .description =
          "Verifies the front of a bundle whose images are packed in chunks (pack --delta-index), compares its "
          "index with what a device has, and says how many bytes it would fetch in how many requests. For a "
          "patch it says how large it is.",
      .positionals = {{"BUNDLE", "Release to update to."}},
      .options = with_trust({k_role, k_old, k_old_bundle}),
      .examples = {{"signet firmware delta-plan new.bundle --old rootfs-1.erofs --anchor vendor-root.pem",
                    "For a device with this image"},
                   {"signet firmware delta-plan new.bundle --old-bundle old.bundle --anchor vendor-root.pem "
                    "--json",
                    "For every device that installed the older bundle, for machines"}},
      .run = run_plan};
  Command apply{.noun = "firmware",
                .verb = "delta-apply",
                .summary = "Make a new image from an old one and a bundle",
                .description =
                    "Does what a device does: verifies the front, takes from the old image what it has and from the "
                    "bundle only the ranges that it lacks, and checks each block before it is written. The new image "
                    "appears under its name when it is whole.",
                .positionals = {{"BUNDLE", "Release to update to, in chunks or as a patch."},
                                {"IMAGE", "File to write; replaced if it exists."}},
                .options = with_trust({k_role, k_old, k_old_bundle}),
                .examples = {{"signet firmware delta-apply new.bundle rootfs-2.erofs --old rootfs-1.erofs --anchor "
                              "vendor-root.pem",
                              "From the image before"}},
                .run = run_apply};
  Command make{
      .noun = "firmware",
      .verb = "delta-make",
      .summary = "Make a patch from one image to the next",
      .description =
          "Packs what leads from the image OLD to the image NEW into a bundle of its own, which says the same of "
          "product, hardware and version as the release. It is smaller than what devices fetch by an index, and "
          "of use only to those that have exactly OLD. Sign it as the release was signed.",
      .positionals = {{"OLD", "Image before."},
                      {"NEW", "Image of the release."},
                      {"BUNDLE", "Patch to write; replaced if it exists."}},
      .options = {k_role,
                  {.name = "--release",
                   .value = "BUNDLE",
                   .help = "Release whose product, version and the rest the patch shall have.",
                   .required = true,
                   .complete = Complete::file}},
      .examples = {{"signet firmware delta-make rootfs-1.erofs rootfs-2.erofs 1-to-2.bundle --release new.bundle",
                    "For devices that have the release before"}},
      .run = run_make};
  return {std::move(make), std::move(plan), std::move(apply)};
}

}  // namespace signet::cli::firmware
