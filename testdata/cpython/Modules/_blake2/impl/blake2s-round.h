/* Stands for blake2s-round.h of libb2. */
#ifndef BLAKE2S_ROUND_H_
#define BLAKE2S_ROUND_H_
#endif
