/* Where python starts. */
#include "Python.h"
