/* Reads a file into a tree. */
#include "Python.h"
