fundwatch test noexample
