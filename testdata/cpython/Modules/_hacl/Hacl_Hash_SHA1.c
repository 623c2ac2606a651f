/* Stands for the verified implementation of SHA1. */
#include "Hacl_Hash_SHA1.h"
