/* Stands for the header of the verified MD5. */
#ifndef HACL_HASH_MD5_H_
#define HACL_HASH_MD5_H_
#include "python_hacl_namespaces.h"
#endif
