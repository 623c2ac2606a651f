/* Stands for a source file of mimalloc: init. */
#include "mimalloc.h"
