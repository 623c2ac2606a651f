/* Stands for a private header of mimalloc: types. */
#ifndef TYPES_H_
#define TYPES_H_
#endif
