/* Stands for basearith.c of mpdecimal. */
#include "mpdecimal.h"
