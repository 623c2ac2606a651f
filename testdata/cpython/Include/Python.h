/* What an extension module includes. */
#ifndef PYTHON_H_
#define PYTHON_H_
#include "patchlevel.h"
#include "object.h"
#endif
