/* Stands for the header of the verified SHA1. */
#ifndef HACL_HASH_SHA1_H_
#define HACL_HASH_SHA1_H_
#include "python_hacl_namespaces.h"
#endif
