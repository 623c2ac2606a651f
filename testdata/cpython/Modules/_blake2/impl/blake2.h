/* Stands for blake2.h of libb2. */
#ifndef BLAKE2_H_
#define BLAKE2_H_
#endif
