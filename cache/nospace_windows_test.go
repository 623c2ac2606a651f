package cache

const noSpace = errorDiskFull
