/* Objects are counted. */
#include "Python.h"
void incref(PyObject *o) { o->refcnt++; }
