/* Stands for blake2b-round.h of libb2. */
#ifndef BLAKE2B_ROUND_H_
#define BLAKE2B_ROUND_H_
#endif
