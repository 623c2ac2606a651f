/* Stands for xmlrole.c of expat. */
#include "expat_config.h"
