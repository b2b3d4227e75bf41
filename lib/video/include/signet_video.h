/* SPDX-FileCopyrightText: Signet contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * libsignet_video: judge and sign encoded video (ONVIF Media Signing, Axis Signed Video), for players, recorders and
 * cameras in any language. Examples: examples/video; what verdicts mean: signed-video.md.
 * Ownership  What a function gives through a handle pointer is freed by the function named beside it; freeing NULL is
 *            allowed. Texts belong to the handle that they came from and live as long. What a callback is given lives
 *            until it returns. Bytes that are passed in are read or copied before the call returns.
 * Threads    A handle is used by one thread at a time; different handles are independent. Callbacks run on the thread
 *            that called, and must not use the handle that they were called from.
 * Errors     A function that can fail returns SIGNET_VIDEO_OK (0) or a negative status, and says more in *error, which
 *            the caller owns and may leave out (NULL). A handle whose function failed can only be freed. A verdict is
 *            never an error. No C++ exception leaves the library; a broken invariant ends the program.
 * ABI        Version 1, soname libsignet_video.so.1. Structs that begin with struct_size only grow at their end: set it
 *            to sizeof; zero means the default for all other members. Numbers of enums do not change; new ones may
 * come, so expect unknown ones. Times: Unix, UTC. */
#ifndef SIGNET_VIDEO_H
#define SIGNET_VIDEO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGNET_VIDEO_ABI 1

/** 0, or what kind of error. */
typedef int32_t signet_video_status;
enum {
  SIGNET_VIDEO_OK = 0,
  SIGNET_VIDEO_USAGE = -1,       /**< the caller's mistake: an option, a NULL, a handle that failed before */
  SIGNET_VIDEO_INPUT = -2,       /**< bytes that cannot be read: no recording, damaged, cut off */
  SIGNET_VIDEO_UNSUPPORTED = -3, /**< encrypted, another codec */
  SIGNET_VIDEO_IO = -4,          /**< a callback failed, or a file could not be read */
  SIGNET_VIDEO_KEY = -5,         /**< the key cannot be used, or is not that of the certificates */
  SIGNET_VIDEO_NO_MEMORY = -6,
  SIGNET_VIDEO_INTERNAL = -7
};

/** More about an error; all texts end with a zero byte. */
typedef struct signet_video_error {
  char reason[64];   /**< stable, for programs: "video.unknown-container" */
  char message[512]; /**< for people: what is wrong */
  char hint[256];    /**< what to do next; may be empty */
} signet_video_error;

enum { SIGNET_VIDEO_H264 = 1, SIGNET_VIDEO_H265 = 2, SIGNET_VIDEO_AV1 = 3 };

/** Over the signed span. Only AUTHENTIC is good; whose key it was is said by the provenance. */
enum {
  SIGNET_VIDEO_NOT_SIGNED = 0,
  SIGNET_VIDEO_AUTHENTIC = 1,
  SIGNET_VIDEO_AUTHENTIC_WITH_MISSING = 2,
  SIGNET_VIDEO_PARTLY_UNPROTECTED = 3,
  SIGNET_VIDEO_NOT_AUTHENTIC = 4
};
enum {
  SIGNET_VIDEO_PROVENANCE_NONE = 0,
  SIGNET_VIDEO_UNTRUSTED = 1,
  SIGNET_VIDEO_NO_ANCHOR = 2,
  SIGNET_VIDEO_EXPIRED_TODAY = 3, /**< valid when it was recorded */
  SIGNET_VIDEO_ATTESTED = 4,
  SIGNET_VIDEO_TRUSTED = 5
};
enum {
  SIGNET_VIDEO_FRAME_AUTHENTIC = 0,
  SIGNET_VIDEO_FRAME_UNPROTECTED = 1,
  SIGNET_VIDEO_FRAME_NOT_AUTHENTIC = 2,
  SIGNET_VIDEO_FRAME_NOT_COVERED = 3
};
enum {
  SIGNET_VIDEO_GOP_AUTHENTIC = 0,
  SIGNET_VIDEO_GOP_AUTHENTIC_WITH_MISSING = 1,
  SIGNET_VIDEO_GOP_PARTLY_UNPROTECTED = 2,
  SIGNET_VIDEO_GOP_NOT_AUTHENTIC = 3,
  SIGNET_VIDEO_GOP_NOT_COVERED = 4
};

/** No number here: of times, frames, units and GOPs. */
#define SIGNET_VIDEO_NONE INT64_MIN

/** A picture; counted from 0 in decoding order. */
typedef struct signet_video_frame {
  size_t struct_size;
  int64_t frame;
  int64_t unit; /**< NAL unit or OBU of its first slice, counted from 0 */
  int64_t gop;
  int64_t time_us; /**< presentation time, or SIGNET_VIDEO_NONE */
  int32_t verdict; /**< SIGNET_VIDEO_FRAME_... */
} signet_video_frame;

/** A group of pictures. */
typedef struct signet_video_gop {
  size_t struct_size;
  int64_t gop;
  int64_t first_frame;
  int64_t frames;
  int64_t frames_bad;
  int64_t units_missing;
  int64_t slices_unprotected;
  int32_t verdict; /**< SIGNET_VIDEO_GOP_... */
} signet_video_gop;

/** Something that was found. */
typedef struct signet_video_finding {
  size_t struct_size;
  const char* kind; /**< "altered", "missing", ...: those of `signet video verify --json` */
  const char* text; /**< for people; safe to print */
  int64_t gop;
  int64_t frame; /**< or SIGNET_VIDEO_NONE */
  int64_t unit;  /**< or SIGNET_VIDEO_NONE */
  int64_t count;
} signet_video_finding;

/** By what is judged, and who hears of it. Frames and GOPs come in order, as soon as they are decided. */
typedef struct signet_video_judge_options {
  size_t struct_size;
  const char* anchors_pem; /**< certificates of trusted roots; may be NULL */
  size_t anchors_pem_size;
  int64_t now_s;    /**< for "expired today"; 0: the system's clock */
  int32_t codec;    /**< SIGNET_VIDEO_H264 ...; 0 if signet_video_judge_file() shall find out */
  uint32_t threads; /**< that hash, the caller's among them; 0: one */
  int32_t live;     /**< not 0: decide as soon as a signature is there, on the caller's thread; else some MiB later */
  void* user;       /**< for the callbacks, each of which may be NULL */
  void (*on_frame)(void* user, const signet_video_frame* frame);
  void (*on_gop)(void* user, const signet_video_gop* gop);
  void (*on_finding)(void* user, const signet_video_finding* finding);
} signet_video_judge_options;

/** What a stream is worth, in numbers. */
typedef struct signet_video_summary {
  size_t struct_size;
  int32_t authenticity;  /**< SIGNET_VIDEO_AUTHENTIC ... */
  int32_t provenance;    /**< SIGNET_VIDEO_TRUSTED ... */
  int64_t first_bad_gop; /**< or SIGNET_VIDEO_NONE */
  int64_t frames;
  int64_t frames_authentic;
  int64_t frames_bad;
  int64_t frames_unprotected;
  int64_t head_frames; /**< before the first signed picture: never authentic */
  int64_t tail_frames; /**< after the last one */
  int64_t units_missing;
  int64_t slices_unprotected;
  int64_t parameter_set_changes;
  int64_t signatures_valid;
  int64_t signatures_invalid;
  int64_t findings;        /**< all of them; at most 200 can be asked for */
  int64_t recorded_from_s; /**< by the signer's clock, or SIGNET_VIDEO_NONE */
  int64_t recorded_to_s;
  int64_t frames_not_presented; /**< judged, but cut away by an edit list of MP4: no player shows them */
  int64_t parameters_covered;   /**< 1: the decoder's parameters of all authentic pictures are signed as well */
} signet_video_summary;

/** Texts about a stream. */
enum {
  SIGNET_VIDEO_TEXT_MANUFACTURER = 0, /**< the device by its own signed account */
  SIGNET_VIDEO_TEXT_HARDWARE = 1,
  SIGNET_VIDEO_TEXT_FIRMWARE = 2,
  SIGNET_VIDEO_TEXT_SERIAL = 3,
  SIGNET_VIDEO_TEXT_ADDRESS = 4,
  SIGNET_VIDEO_TEXT_SIGNER_VERSION = 5,
  SIGNET_VIDEO_TEXT_ATTESTED_SERIAL = 6, /**< by the secure element's certificate */
  SIGNET_VIDEO_TEXT_KEY = 7,             /**< SHA-256 of the key, in hexadecimal */
  SIGNET_VIDEO_TEXT_PROVENANCE = 8       /**< why the provenance is no better */
};

typedef struct signet_video_judge signet_video_judge;
typedef struct signet_video_result signet_video_result;
typedef struct signet_video_signer signet_video_signer;

/** The library's version, such as 0x000100 for 0.1.0. */
uint32_t signet_video_version(void);
/** A short text for a status; lives for ever. */
const char* signet_video_status_text(signet_video_status status);
/** "authentic", "trusted": the words of `signet video verify --json`; lives for ever. "unknown" for other numbers. */
const char* signet_video_authenticity_name(int32_t authenticity);
const char* signet_video_provenance_name(int32_t provenance);

/** Begins a stream, whose codec the options must say. Free with signet_video_judge_free(). */
signet_video_status signet_video_judge_open(const signet_video_judge_options* options, signet_video_judge** judge,
                                            signet_video_error* error);
/** The next bytes of an H.264 or H.265 byte stream (annex B) or an AV1 OBU stream, cut anywhere. */
signet_video_status signet_video_judge_push(signet_video_judge* judge, const void* bytes, size_t size,
                                            signet_video_error* error);
/** Instead: one whole NAL unit (without start code) or OBU, as containers and RTP give them. `time_us` may be NONE. */
signet_video_status signet_video_judge_push_unit(signet_video_judge* judge, const void* unit, size_t size,
                                                 int64_t time_us, signet_video_error* error);
/** The end of the stream. Free the result with signet_video_result_free(), and the judge as well. */
signet_video_status signet_video_judge_finish(signet_video_judge* judge, signet_video_result** result,
                                              signet_video_error* error);
void signet_video_judge_free(signet_video_judge* judge);

/** Reads up to `size` bytes at `offset` into `out`: how many, 0 at the end, negative if it failed. */
typedef int64_t (*signet_video_read_fn)(void* reader, uint64_t offset, void* out, size_t size);
/** Judges a whole recording: MP4, fragmented MP4, annex B, OBU, IVF; told by its content. */
signet_video_status signet_video_judge_file(signet_video_read_fn read, void* reader,
                                            const signet_video_judge_options* options, signet_video_result** result,
                                            signet_video_error* error);

/** Fills what fits into summary->struct_size bytes. */
void signet_video_result_summary(const signet_video_result* result, signet_video_summary* summary);
/** One of SIGNET_VIDEO_TEXT_...; empty if nothing is known. */
const char* signet_video_result_text(const signet_video_result* result, int32_t which);
/** The finding of that number, from 0; SIGNET_VIDEO_USAGE behind the last one. */
signet_video_status signet_video_result_finding(const signet_video_result* result, size_t index,
                                                signet_video_finding* finding);
void signet_video_result_free(signet_video_result* result);

/** Signs a digest; ECDSA as DER, RSA as PSS with a salt as long as the digest (ONVIF). `*signature_size` is the room,
 * and then the size. 0 if it did. May block as long as the key needs. */
typedef int32_t (*signet_video_sign_fn)(void* user, const uint8_t* digest, size_t digest_size, uint8_t* signature,
                                        size_t* signature_size);
/** Is given an SEI NAL unit (without start code) or a metadata OBU, which belongs where its caller says. */
typedef void (*signet_video_emit_fn)(void* user, const uint8_t* unit, size_t size);

enum { SIGNET_VIDEO_FORMAT_ONVIF = 0, SIGNET_VIDEO_FORMAT_AXIS_V2 = 1 };

/** How a stream is signed. The key is a callback with its public key, or a PEM file ("file:/path", for tests). */
typedef struct signet_video_sign_options {
  size_t struct_size;
  int32_t codec;                   /**< SIGNET_VIDEO_H264 ... */
  int32_t format;                  /**< SIGNET_VIDEO_FORMAT_... */
  uint32_t hash_bits;              /**< 256, 384, 512; 0: 256 */
  uint32_t partial_gop_frames_max; /**< 1 to 600; 0: 150 */
  uint32_t sign_every;             /**< 1 to 60; 0: 1 */
  int32_t low_bitrate;             /**< not 0: no hash lists; losses can then not be located */
  int32_t certificate_sei;         /**< not 0: certificates once, in front */
  const char* chain_pem;           /**< leaf first, without the root; ONVIF demands it */
  size_t chain_pem_size;
  const char* key_uri; /**< "file:/path/key.pem", or NULL with the callback */
  signet_video_sign_fn sign;
  void* sign_user;
  const char* public_key_pem; /**< of the callback's key; NULL if chain_pem has it */
  const char* manufacturer;   /**< the device's signed account of itself; each may be NULL */
  const char* hardware;
  const char* firmware;
  const char* serial;
  const char* address;
  int32_t sign_parameters;        /**< not 0: the decoder's parameters as well (H.264, H.265) */
  uint32_t hash_list_entries_max; /**< a part whose list is full ends; 8 to 900; 0: what fits in a SEI */
} signet_video_sign_options;

/** Free with signet_video_signer_free(). */
signet_video_status signet_video_signer_open(const signet_video_sign_options* options, signet_video_signer** signer,
                                             signet_video_error* error);
/** A whole unit in decoding order and its wall-clock time; `emit` is given what is to be written before it. */
signet_video_status signet_video_signer_add(signet_video_signer* signer, const void* unit, size_t size, int64_t time_us,
                                            signet_video_emit_fn emit, void* user, signet_video_error* error);
/** Signs what is left; `emit` is given what belongs at the end. */
signet_video_status signet_video_signer_finish(signet_video_signer* signer, signet_video_emit_fn emit, void* user,
                                               signet_video_error* error);
void signet_video_signer_free(signet_video_signer* signer);

#ifdef __cplusplus
}
#endif

#endif
