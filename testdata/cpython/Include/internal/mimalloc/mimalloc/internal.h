/* Stands for a private header of mimalloc: internal. */
#ifndef INTERNAL_H_
#define INTERNAL_H_
#endif
