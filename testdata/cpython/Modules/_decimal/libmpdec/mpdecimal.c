/* Stands for mpdecimal.c of mpdecimal. */
#include "mpdecimal.h"
