/* Stands for the types of the streaming interface. */
#ifndef HACL_STREAMING_TYPES_H_
#define HACL_STREAMING_TYPES_H_
#endif
