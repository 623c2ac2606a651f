/* Stands for a private header of mimalloc: atomic. */
#ifndef ATOMIC_H_
#define ATOMIC_H_
#endif
