/* SPDX-FileCopyrightText: Signet contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The C ABI as a C program uses it. The argument is the folder tests/vectors/video. */
#include "signet_video.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

typedef struct bytes {
  unsigned char* data;
  size_t size;
  size_t room;
} bytes;

static void put(bytes* to, const void* data, size_t size) {
  if (to->size + size > to->room) {
    to->room = (to->size + size) * 2;
    to->data = realloc(to->data, to->room);
    CHECK(to->data != NULL);
  }
  memcpy(to->data + to->size, data, size);
  to->size += size;
}

static bytes read_file(const char* folder, const char* name) {
  char path[1024];
  bytes all = {NULL, 0, 0};
  unsigned char part[4096];
  size_t got;
  FILE* file;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "rb");
  CHECK(file != NULL);
  while ((got = fread(part, 1, sizeof part, file)) > 0) put(&all, part, got);
  fclose(file);
  return all;
}

typedef struct heard {
  int64_t frames;
  int64_t gops;
  int64_t findings;
} heard;

static void on_frame(void* user, const signet_video_frame* frame) {
  heard* all = user;
  CHECK(frame->frame == all->frames);
  ++all->frames;
}
static void on_gop(void* user, const signet_video_gop* gop) {
  heard* all = user;
  CHECK(gop->struct_size >= sizeof *gop);
  ++all->gops;
}
static void on_finding(void* user, const signet_video_finding* finding) {
  heard* all = user;
  CHECK(finding->kind[0] != '\0' && finding->text[0] != '\0');
  ++all->findings;
}

static int64_t read_bytes(void* reader, uint64_t offset, void* out, size_t size) {
  const bytes* all = reader;
  if (offset >= all->size) return 0;
  if (size > all->size - offset) size = (size_t)(all->size - offset);
  memcpy(out, all->data + offset, size);
  return (int64_t)size;
}
static int64_t fail_to_read(void* reader, uint64_t offset, void* out, size_t size) {
  (void)reader, (void)offset, (void)out, (void)size;
  return -1;
}

static int same_bytes(const void *a, const void *b, size_t size) {
  const unsigned char *x = a, *y = b;
  while (size > 0 && *x == *y) ++x, ++y, --size;
  return size == 0;
}

static void same_by_file_and_by_push(const char* folder, const char* name, int32_t codec, int32_t expected) {
  bytes stream = read_file(folder, name);
  size_t steps[] = {1, 777, 100000, (size_t)1 << 30};
  size_t i;
  signet_video_error error;
  signet_video_summary whole = {.struct_size = sizeof whole}, pushed = {.struct_size = sizeof pushed};
  signet_video_result* result = NULL;
  heard by_file = {0, 0, 0};
  signet_video_judge_options options = {.struct_size = sizeof options};
  options.user = &by_file;
  options.on_frame = on_frame;
  options.on_gop = on_gop;
  options.on_finding = on_finding;
  CHECK(signet_video_judge_file(read_bytes, &stream, &options, &result, &error) == SIGNET_VIDEO_OK);
  signet_video_result_summary(result, &whole);
  CHECK(whole.authenticity == expected);
  CHECK(by_file.frames == whole.frames && by_file.findings == whole.findings && by_file.gops > 0);
  signet_video_result_free(result);
  options.codec = codec;
  options.on_frame = NULL;
  options.on_gop = NULL;
  options.on_finding = NULL;
  for (i = 0; i < sizeof steps / sizeof *steps; ++i) {
    signet_video_judge* judge = NULL;
    size_t at;
    options.live = i % 2 == 0;
    CHECK(signet_video_judge_open(&options, &judge, &error) == SIGNET_VIDEO_OK);
    for (at = 0; at < stream.size; at += steps[i]) {
      const size_t left = stream.size - at;
      CHECK(signet_video_judge_push(judge, stream.data + at, left < steps[i] ? left : steps[i], &error) == 0);
    }
    CHECK(signet_video_judge_finish(judge, &result, &error) == SIGNET_VIDEO_OK);
    signet_video_result_summary(result, &pushed);
    CHECK(same_bytes(&pushed, &whole, sizeof whole));
    CHECK(signet_video_judge_push(judge, "", 1, &error) == SIGNET_VIDEO_USAGE);
    signet_video_judge_free(judge);
    signet_video_result_free(result);
  }
  free(stream.data);
}

static void the_camera_is_named(const char* folder) {
  bytes stream = read_file(folder, "axis-repo/signed_vendor_axis.h264");
  bytes root = read_file(folder, "certs/axis_edge_vault_ca_ecc.pem");
  signet_video_result* result = NULL;
  signet_video_finding finding = {.struct_size = sizeof finding};
  signet_video_summary summary = {.struct_size = sizeof summary},
                       old = {.struct_size = offsetof(signet_video_summary, first_bad_gop)};
  signet_video_judge_options options = {.struct_size = sizeof options};
  options.anchors_pem = (const char*)root.data;
  options.anchors_pem_size = root.size;
  options.now_s = 1795305600;
  options.threads = 3;
  CHECK(signet_video_judge_file(read_bytes, &stream, &options, &result, NULL) == SIGNET_VIDEO_OK);
  signet_video_result_summary(result, &summary);
  CHECK(summary.provenance == SIGNET_VIDEO_ATTESTED);
  CHECK(strcmp(signet_video_provenance_name(summary.provenance), "attested") == 0);
  CHECK(strcmp(signet_video_result_text(result, SIGNET_VIDEO_TEXT_SERIAL), "B8A44F27E6D1") == 0);
  CHECK(strcmp(signet_video_result_text(result, SIGNET_VIDEO_TEXT_ATTESTED_SERIAL), "B8A44F27E6D1") == 0);
  CHECK(strcmp(signet_video_result_text(result, 99), "") == 0);
  CHECK(signet_video_result_finding(result, 100000, &finding) == SIGNET_VIDEO_USAGE);
  old.frames = 4711; /* a caller with an older, shorter struct: what it does not have is left alone */
  signet_video_result_summary(result, &old);
  CHECK(old.authenticity == SIGNET_VIDEO_AUTHENTIC && old.frames == 4711);
  signet_video_result_free(result);
  free(stream.data);
  free(root.data);
}

static void errors_are_told(void) {
  bytes nothing = {(unsigned char*)"no video at all", 15, 15};
  signet_video_error error;
  signet_video_result* result = NULL;
  signet_video_judge* judge = NULL;
  signet_video_signer* signer = NULL;
  signet_video_judge_options options = {.struct_size = sizeof options};
  signet_video_sign_options sign = {.struct_size = sizeof sign};
  CHECK(signet_video_judge_file(read_bytes, &nothing, &options, &result, &error) == SIGNET_VIDEO_INPUT);
  CHECK(strcmp(error.reason, "video.unknown-container") == 0 && error.message[0] != '\0' && result == NULL);
  CHECK(signet_video_judge_file(fail_to_read, NULL, &options, &result, &error) == SIGNET_VIDEO_IO);
  CHECK(signet_video_judge_open(&options, &judge, &error) == SIGNET_VIDEO_USAGE && judge == NULL);
  CHECK(signet_video_judge_push(NULL, "", 0, NULL) == SIGNET_VIDEO_USAGE);
  sign.codec = SIGNET_VIDEO_H264;
  CHECK(signet_video_signer_open(&sign, &signer, &error) == SIGNET_VIDEO_USAGE);
  sign.key_uri = "file:/nowhere/key.pem";
  CHECK(signet_video_signer_open(&sign, &signer, &error) == SIGNET_VIDEO_KEY && signer == NULL);
  CHECK(strcmp(signet_video_status_text(SIGNET_VIDEO_OK), "no error") == 0);
  CHECK(signet_video_version() >= 0x100);
  signet_video_judge_free(NULL);
  signet_video_result_free(NULL);
  signet_video_signer_free(NULL);
}

static void emit(void* user, const uint8_t* unit, size_t size) {
  CHECK(signet_video_judge_push_unit(user, unit, size, SIGNET_VIDEO_NONE, NULL) == SIGNET_VIDEO_OK);
}

static int32_t sign_digest(void* user, const uint8_t* digest, size_t digest_size, uint8_t* signature, size_t* size) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(user, NULL);
  const int good =
      EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, signature, size, digest, digest_size) == 1;
  EVP_PKEY_CTX_free(context);
  return good ? 0 : -1;
}

/* Signs 100 pictures and judges them at once, with the key in a file or behind a callback. */
static void signed_pictures_are_authentic(EVP_PKEY* key, int by_callback) {
  char path[] = "/tmp/signet_capi_XXXXXX", uri[64], pem[1024] = "";
  signet_video_error error;
  signet_video_judge* judge = NULL;
  signet_video_signer* signer = NULL;
  signet_video_result* result = NULL;
  signet_video_summary summary = {.struct_size = sizeof summary};
  signet_video_judge_options options = {.struct_size = sizeof options};
  signet_video_sign_options sign = {.struct_size = sizeof sign};
  const int fd = mkstemp(path);
  FILE* file = fdopen(fd, "w");
  BIO* text = BIO_new(BIO_s_mem());
  unsigned i;
  CHECK(file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
  fclose(file);
  CHECK(PEM_write_bio_PUBKEY(text, key) == 1 && BIO_read(text, pem, sizeof pem - 1) > 0);
  BIO_free(text);
  snprintf(uri, sizeof uri, "file:%s", path);
  options.codec = sign.codec = SIGNET_VIDEO_H264;
  sign.format = SIGNET_VIDEO_FORMAT_AXIS_V2;
  sign.serial = "S1";
  if (by_callback) {
    sign.sign = sign_digest;
    sign.sign_user = key;
    sign.public_key_pem = pem;
  } else {
    sign.key_uri = uri;
  }
  sign.sign_parameters = 1;
  CHECK(signet_video_judge_open(&options, &judge, &error) == SIGNET_VIDEO_OK);
  CHECK(signet_video_signer_open(&sign, &signer, &error) == SIGNET_VIDEO_OK);
  for (i = 0; i < 2; ++i) {
    static const unsigned char sets[2][5] = {{0x67, 0x42, 0xc0, 0x1e, 0xd9}, {0x68, 0xce, 0x3c, 0x11, 0x80}};
    CHECK(signet_video_signer_add(signer, sets[i], sizeof sets[i], 1780272000000000, emit, judge, &error) == 0);
    CHECK(signet_video_judge_push_unit(judge, sets[i], sizeof sets[i], 0, &error) == SIGNET_VIDEO_OK);
  }
  for (i = 0; i < 100; ++i) {
    const unsigned char unit[] = {i % 20 == 0 ? 0x65 : 0x41, 0x9a, 0x11, (unsigned char)(i + 1), 0x80};
    CHECK(signet_video_signer_add(signer, unit, sizeof unit, 1780272000000000 + i * 40000, emit, judge, &error) == 0);
    CHECK(signet_video_judge_push_unit(judge, unit, sizeof unit, i * 40000, &error) == SIGNET_VIDEO_OK);
  }
  CHECK(signet_video_signer_finish(signer, emit, judge, &error) == SIGNET_VIDEO_OK);
  CHECK(signet_video_signer_finish(signer, emit, judge, &error) == SIGNET_VIDEO_USAGE);
  CHECK(signet_video_judge_finish(judge, &result, &error) == SIGNET_VIDEO_OK);
  signet_video_result_summary(result, &summary);
  CHECK(summary.authenticity == SIGNET_VIDEO_AUTHENTIC && summary.frames_authentic == 100);
  CHECK(summary.recorded_from_s == 1780272000 && summary.parameters_covered == 1);
  CHECK(strcmp(signet_video_result_text(result, SIGNET_VIDEO_TEXT_SERIAL), "S1") == 0);
  signet_video_result_free(result);
  signet_video_signer_free(signer);
  signet_video_judge_free(judge);
  unlink(path);
}

int main(int argc, char** argv) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  CHECK(argc == 2 && key != NULL);
  same_by_file_and_by_push(argv[1], "generated/onvif/multigop3.h264", SIGNET_VIDEO_H264, SIGNET_VIDEO_AUTHENTIC);
  same_by_file_and_by_push(argv[1], "generated/onvif/drop_P_gop3.h265", SIGNET_VIDEO_H265,
                           SIGNET_VIDEO_AUTHENTIC_WITH_MISSING);
  same_by_file_and_by_push(argv[1], "generated/axis/swap_gop3_gop4.obu", SIGNET_VIDEO_AV1, SIGNET_VIDEO_NOT_AUTHENTIC);
  the_camera_is_named(argv[1]);
  errors_are_told();
  signed_pictures_are_authentic(key, 0);
  signed_pictures_are_authentic(key, 1);
  EVP_PKEY_free(key);
  puts("the C ABI holds");
  return 0;
}
