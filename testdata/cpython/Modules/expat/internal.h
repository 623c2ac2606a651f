/* Stands for internal.h of expat. */
#ifndef INTERNAL_H_
#define INTERNAL_H_
#endif
