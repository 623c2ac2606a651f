/* The interpreter loop. */
#include "Python.h"
