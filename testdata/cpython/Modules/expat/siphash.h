/* Stands for siphash.h of expat. */
#ifndef SIPHASH_H_
#define SIPHASH_H_
#endif
