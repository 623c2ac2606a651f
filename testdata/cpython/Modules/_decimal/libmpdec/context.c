/* Stands for context.c of mpdecimal. */
#include "mpdecimal.h"
