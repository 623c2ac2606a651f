package cache

func addFifo(map[string]func(string) error, func(func(string) error) func(string) error) {}
