/* Stands for the integer types of KaRaMeL. */
#ifndef TYPES_H_
#define TYPES_H_
#endif
