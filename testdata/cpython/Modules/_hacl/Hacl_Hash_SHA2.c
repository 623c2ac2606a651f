/* Stands for the verified implementation of SHA2. */
#include "Hacl_Hash_SHA2.h"
