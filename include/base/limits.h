/*
 * Bounds that no configuration changes. What an operator may set lives in the
 * table of src/cfg with its range; what protects us from the world stands here.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

#define REPO_NAME_MAX   256 /* bytes of "owner/name" with the NUL; GitHub: 39 + 1 + 100 */
#define ENV_NAME_MAX    256 /* bytes of an environment name with the NUL; GitHub allows 255 */
#define REF_NAME_MAX    512 /* bytes of a full ref with the NUL */
#define GUID_MAX        64  /* bytes of X-GitHub-Delivery with the NUL; 36 in practice */
#define EVENT_NAME_MAX  64  /* bytes of X-GitHub-Event with the NUL; longest known is 39 */
#define ID_TEXT_MAX     24  /* bytes of a decimal GitHub id with the NUL */
#define REASON_TEXT_MAX 512 /* bytes of a sentence that explains a verdict, with the NUL */

/* How long a start waits for the locks of the envflow before it: a killed process lets go once its
 * last system call returns and the last keeper it was starting has become one. */
#define STATE_LOCK_WAIT_MS 2000

#endif
