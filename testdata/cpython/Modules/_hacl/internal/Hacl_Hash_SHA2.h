/* Stands for a private header of SHA2. */
#ifndef HACL_HASH_SHA2_H_
#define HACL_HASH_SHA2_H_
#endif
