/* An object is a count and a type. */
#ifndef OBJECT_H_
#define OBJECT_H_
typedef struct _object { long refcnt; struct _type *type; } PyObject;
#endif
