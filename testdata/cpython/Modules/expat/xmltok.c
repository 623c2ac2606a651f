/* Stands for xmltok.c of expat. */
#include "expat_config.h"
