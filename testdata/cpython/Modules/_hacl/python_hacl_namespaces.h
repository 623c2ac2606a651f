/* CPython's own: a prefix for HACL*'s names. */
#ifndef PYTHON_HACL_NAMESPACES_H_
#define PYTHON_HACL_NAMESPACES_H_
#define Hacl_Hash_SHA2_malloc python_hashlib_Hacl_Hash_SHA2_malloc
#endif
