/* Stands for the public header of mimalloc. */
#ifndef MIMALLOC_H_
#define MIMALLOC_H_
#define MI_MALLOC_VERSION 212   // major, minor, patch: one digit each
#endif
