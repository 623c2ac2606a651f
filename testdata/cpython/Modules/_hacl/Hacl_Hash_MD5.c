/* Stands for the verified implementation of MD5. */
#include "Hacl_Hash_MD5.h"
