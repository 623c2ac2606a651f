/* Stands for the linkage macros of expat. */
#ifndef EXPAT_EXTERNAL_H_
#define EXPAT_EXTERNAL_H_
#include "pyexpatns.h"
#endif
