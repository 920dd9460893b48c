fundwatch check nowhere
