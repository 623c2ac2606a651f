/* Integers of any size. */
#include "Python.h"
