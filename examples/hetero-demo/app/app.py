"""An inventory over a table in PostgreSQL, that says on which architectures its two halves run."""

import os
import platform

import psycopg2
import psycopg2.extras
from flask import Flask, jsonify, request

app = Flask(__name__)

TABLE = """
CREATE TABLE IF NOT EXISTS items (
    id SERIAL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT ''
)
"""

PAGE = """<!doctype html>
<title>Inventory</title>
<h1>Inventory</h1>
<p id="arch"></p>
<form id="new"><input name="name" placeholder="name" required> <input name="description" placeholder="description"> <button>Add</button></form>
<ul id="items"></ul>
<script>
const show = async () => {
  const facts = (await (await fetch('/arch')).json()).heterogeneous_demo;
  document.getElementById('arch').textContent = `server on ${facts.app_server.architecture}, ${facts.database.postgres_version}`;
  const items = (await (await fetch('/items')).json()).items;
  document.getElementById('items').replaceChildren(...items.map(item => {
    const line = document.createElement('li');
    line.textContent = `${item.name}: ${item.description}`;
    return line;
  }));
};
document.getElementById('new').onsubmit = async event => {
  event.preventDefault();
  const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
  await fetch('/items', {method: 'POST', headers: {'Content-Type': 'application/json'}, body});
  event.target.reset();
  show();
};
show();
</script>
"""


def connect():
    """Opens a connection; the table is there afterwards."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
    return connection


def run(statement, *values):
    """Runs one statement; returns its rows."""
    connection = connect()
    try:
        with connection, connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def one(rows):
    """Answers with one item, or that there is none."""
    return jsonify(item=rows[0]) if rows else (jsonify(error="there is no such item"), 404)


def written():
    """Returns the name and the description that were sent."""
    body = request.get_json(silent=True) or {}
    name = str(body.get("name", "")).strip()
    return name, str(body.get("description", ""))


@app.get("/")
def page():
    return PAGE


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.get("/ready")
def ready():
    try:
        run("SELECT 1")
    except psycopg2.Error as error:
        return jsonify(status="not ready", reason=str(error)), 503
    return jsonify(status="ready")


@app.get("/arch")
def arch():
    try:
        version, connected = run("SELECT version() AS version")[0]["version"], True
    except psycopg2.Error:
        version, connected = "", False
    server = {"architecture": platform.machine(), "node": os.environ.get("NODE_NAME", "")}
    return jsonify(heterogeneous_demo={"app_server": server, "database": {"connected": connected, "postgres_version": version}})


@app.get("/items")
def list_items():
    return jsonify(items=run("SELECT id, name, description FROM items ORDER BY id"))


@app.post("/items")
def create_item():
    name, description = written()
    if not name:
        return jsonify(error="an item has a name"), 400
    rows = run("INSERT INTO items (name, description) VALUES (%s, %s) RETURNING id, name, description", name, description)
    return jsonify(item=rows[0]), 201


@app.get("/items/<int:item>")
def read_item(item):
    return one(run("SELECT id, name, description FROM items WHERE id = %s", item))


@app.put("/items/<int:item>")
def update_item(item):
    name, description = written()
    if not name:
        return jsonify(error="an item has a name"), 400
    return one(run("UPDATE items SET name = %s, description = %s WHERE id = %s RETURNING id, name, description", name, description, item))


@app.delete("/items/<int:item>")
def delete_item(item):
    return one(run("DELETE FROM items WHERE id = %s RETURNING id, name, description", item))


if __name__ == "__main__":
    app.run(port=8080)
