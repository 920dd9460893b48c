LC_ALL=en_US.UTF-8 fundwatch nonsense
