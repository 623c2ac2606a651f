/* Stands for the header of the verified SHA2. */
#ifndef HACL_HASH_SHA2_H_
#define HACL_HASH_SHA2_H_
#include "python_hacl_namespaces.h"
#endif
