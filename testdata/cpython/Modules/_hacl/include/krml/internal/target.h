/* Stands for the target macros of KaRaMeL. */
#ifndef TARGET_H_
#define TARGET_H_
#endif
