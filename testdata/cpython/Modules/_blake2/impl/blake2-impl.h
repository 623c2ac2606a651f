/* Stands for blake2-impl.h of libb2. */
#ifndef BLAKE2_IMPL_H_
#define BLAKE2_IMPL_H_
#endif
