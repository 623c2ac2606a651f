/* Stands for blake2-config.h of libb2. */
#ifndef BLAKE2_CONFIG_H_
#define BLAKE2_CONFIG_H_
#endif
