/* State of the whole process. */
#ifndef PYCORE_RUNTIME_H_
#define PYCORE_RUNTIME_H_
struct pyruntimestate { int initialized; };
#endif
