/* The math module. */
#include "Python.h"
