/* The part of object.h that is not stable. */
#ifndef OBJECT_H_
#define OBJECT_H_
struct _type { const char *name; };
#endif
