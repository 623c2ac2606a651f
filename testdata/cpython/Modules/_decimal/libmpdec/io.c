/* Stands for io.c of mpdecimal. */
#include "mpdecimal.h"
