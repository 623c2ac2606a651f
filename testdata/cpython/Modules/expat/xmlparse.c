/* Stands for xmlparse.c of expat. */
#include "expat_config.h"
