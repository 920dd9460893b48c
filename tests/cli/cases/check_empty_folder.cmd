fundwatch check county
