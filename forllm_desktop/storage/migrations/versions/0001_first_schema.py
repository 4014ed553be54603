"""The first schema, and the rows every database has: one user and the built-in persona."""

from alembic import op

revision = "0001"
down_revision = None

FALLBACK_INSTRUCTIONS = (
    "You are a helpful, honest assistant in a discussion forum. Answer the last post. Be clear and concrete. "
    "Say so when you are not sure."
)

SCHEMA = """
CREATE TABLE drafts (
    draft_id INTEGER NOT NULL,
    place VARCHAR(64) NOT NULL,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_drafts PRIMARY KEY (draft_id),
    CONSTRAINT uq_drafts_place UNIQUE (place)
)
;
CREATE TABLE schedule (
    schedule_id INTEGER NOT NULL,
    name VARCHAR(200) NOT NULL,
    start_minute INTEGER NOT NULL,
    end_minute INTEGER NOT NULL,
    days INTEGER NOT NULL,
    enabled BOOLEAN NOT NULL,
    CONSTRAINT pk_schedule PRIMARY KEY (schedule_id),
    CONSTRAINT ck_schedule_start_minute CHECK (start_minute BETWEEN 0 AND 1439),
    CONSTRAINT ck_schedule_end_minute CHECK (end_minute BETWEEN 0 AND 1440),
    CONSTRAINT ck_schedule_days CHECK (days BETWEEN 0 AND 127)
)
;
CREATE TABLE servers (
    server_id INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL,
    name VARCHAR(200) NOT NULL,
    base_url VARCHAR(2000) NOT NULL,
    api_key_ref VARCHAR(200),
    use_proxy BOOLEAN NOT NULL,
    verify_tls BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_servers PRIMARY KEY (server_id),
    CONSTRAINT ck_servers_kind CHECK (kind IN ('auto', 'ollama', 'llamacpp', 'lmstudio', 'openai', 'engine')),
    CONSTRAINT uq_servers_base_url UNIQUE (base_url)
)
;
CREATE TABLE subforums (
    subforum_id INTEGER NOT NULL,
    name VARCHAR(200) NOT NULL,
    name_key VARCHAR(800) NOT NULL,
    description TEXT NOT NULL,
    position INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    deleted_at DATETIME,
    CONSTRAINT pk_subforums PRIMARY KEY (subforum_id)
)
;
CREATE INDEX ix_subforums_position ON subforums (position)
;
CREATE UNIQUE INDEX uq_subforums_name_key ON subforums (name_key) WHERE deleted_at IS NULL
;
CREATE TABLE users (
    user_id INTEGER NOT NULL,
    username VARCHAR(200) NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (user_id),
    CONSTRAINT uq_users_username UNIQUE (username)
)
;
CREATE TABLE personas (
    persona_id INTEGER NOT NULL,
    name VARCHAR(200) NOT NULL,
    name_key VARCHAR(800) NOT NULL,
    description TEXT NOT NULL,
    prompt_instructions TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    created_by_user INTEGER,
    is_active BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    generation_source VARCHAR(64) NOT NULL,
    generation_input_details JSON,
    deleted_at DATETIME,
    CONSTRAINT pk_personas PRIMARY KEY (persona_id),
    CONSTRAINT fk_personas_created_by_user_users FOREIGN KEY(created_by_user) REFERENCES users (user_id)
)
;
CREATE INDEX ix_personas_is_active ON personas (is_active, name_key)
;
CREATE UNIQUE INDEX uq_personas_name_key ON personas (name_key) WHERE deleted_at IS NULL
;
CREATE TABLE topics (
    topic_id INTEGER NOT NULL,
    subforum_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    title VARCHAR(200) NOT NULL,
    created_at DATETIME NOT NULL,
    deleted_at DATETIME,
    CONSTRAINT pk_topics PRIMARY KEY (topic_id),
    CONSTRAINT fk_topics_subforum_id_subforums FOREIGN KEY(subforum_id) REFERENCES subforums (subforum_id),
    CONSTRAINT fk_topics_user_id_users FOREIGN KEY(user_id) REFERENCES users (user_id)
)
;
CREATE INDEX ix_topics_deleted_at ON topics (deleted_at) WHERE deleted_at IS NOT NULL
;
CREATE INDEX ix_topics_subforum_id ON topics (subforum_id, created_at)
;
CREATE TABLE persona_versions (
    persona_version_id INTEGER NOT NULL,
    persona_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    name VARCHAR(200) NOT NULL,
    description TEXT NOT NULL,
    prompt_instructions TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    created_by_user INTEGER,
    note TEXT NOT NULL,
    CONSTRAINT pk_persona_versions PRIMARY KEY (persona_version_id),
    CONSTRAINT uq_persona_versions_persona_id_version UNIQUE (persona_id, version),
    CONSTRAINT fk_persona_versions_persona_id_personas FOREIGN KEY(persona_id) REFERENCES personas (persona_id),
    CONSTRAINT fk_persona_versions_created_by_user_users FOREIGN KEY(created_by_user) REFERENCES users (user_id)
)
;
CREATE TABLE posts (
    post_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    topic_id INTEGER NOT NULL,
    user_id INTEGER,
    parent_post_id INTEGER,
    content TEXT NOT NULL,
    thinking TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    edited DATETIME,
    is_llm_response BOOLEAN NOT NULL,
    is_incomplete BOOLEAN NOT NULL,
    llm_model_id TEXT,
    server_id INTEGER,
    llm_persona_id INTEGER,
    persona_version INTEGER,
    read_at DATETIME,
    deleted_at DATETIME,
    CONSTRAINT ck_posts_not_its_own_parent CHECK (parent_post_id <> post_id),
    CONSTRAINT fk_posts_topic_id_topics FOREIGN KEY(topic_id) REFERENCES topics (topic_id),
    CONSTRAINT fk_posts_user_id_users FOREIGN KEY(user_id) REFERENCES users (user_id),
    CONSTRAINT fk_posts_parent_post_id_posts FOREIGN KEY(parent_post_id) REFERENCES posts (post_id),
    CONSTRAINT fk_posts_server_id_servers FOREIGN KEY(server_id) REFERENCES servers (server_id) ON DELETE SET NULL,
    CONSTRAINT fk_posts_llm_persona_id_personas FOREIGN KEY(llm_persona_id) REFERENCES personas (persona_id)
)
;
CREATE INDEX ix_posts_deleted_at ON posts (deleted_at) WHERE deleted_at IS NOT NULL
;
CREATE INDEX ix_posts_parent_post_id ON posts (parent_post_id)
;
CREATE INDEX ix_posts_topic_id ON posts (topic_id, post_id)
;
CREATE INDEX ix_posts_unread ON posts (topic_id) WHERE read_at IS NULL AND is_incomplete = 0 AND deleted_at IS NULL
;
CREATE TABLE settings (
    settings_id INTEGER NOT NULL,
    "key" VARCHAR(100) NOT NULL,
    value TEXT,
    default_persona_id INTEGER,
    CONSTRAINT pk_settings PRIMARY KEY (settings_id),
    CONSTRAINT uq_settings_key UNIQUE ("key"),
    CONSTRAINT fk_settings_default_persona_id_personas FOREIGN KEY(default_persona_id) REFERENCES personas (persona_id) ON DELETE SET NULL
)
;
CREATE TABLE subforum_personas (
    subforum_persona_id INTEGER NOT NULL,
    subforum_id INTEGER NOT NULL,
    persona_id INTEGER NOT NULL,
    assigned_at DATETIME NOT NULL,
    is_default_for_subforum BOOLEAN NOT NULL,
    CONSTRAINT pk_subforum_personas PRIMARY KEY (subforum_persona_id),
    CONSTRAINT uq_subforum_personas_subforum_id_persona_id UNIQUE (subforum_id, persona_id),
    CONSTRAINT fk_subforum_personas_subforum_id_subforums FOREIGN KEY(subforum_id) REFERENCES subforums (subforum_id),
    CONSTRAINT fk_subforum_personas_persona_id_personas FOREIGN KEY(persona_id) REFERENCES personas (persona_id)
)
;
CREATE INDEX ix_subforum_personas_persona_id ON subforum_personas (persona_id)
;
CREATE UNIQUE INDEX uq_subforum_personas_default ON subforum_personas (subforum_id) WHERE is_default_for_subforum = 1
;
CREATE TABLE llm_requests (
    request_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    request_type VARCHAR(32) NOT NULL,
    request_params JSON,
    status VARCHAR(32) NOT NULL,
    position INTEGER NOT NULL,
    parent_request_id INTEGER,
    post_id_to_respond_to INTEGER,
    reply_post_id INTEGER,
    llm_model TEXT NOT NULL,
    server_id INTEGER,
    llm_persona INTEGER,
    persona_is_chosen BOOLEAN NOT NULL,
    persona_version INTEGER,
    requested_at DATETIME NOT NULL,
    started_at DATETIME,
    finished_at DATETIME,
    not_before DATETIME,
    wait_reason TEXT,
    attempts INTEGER NOT NULL,
    prompt JSON,
    token_breakdown JSON,
    metrics JSON,
    error_kind VARCHAR(64),
    error_title TEXT,
    error_message TEXT,
    CONSTRAINT ck_llm_requests_status CHECK (status IN ('pending', 'pending_dependency', 'processing', 'complete', 'error', 'cancelled')),
    CONSTRAINT ck_llm_requests_request_type CHECK (request_type IN ('respond_to_post', 'generate_persona')),
    CONSTRAINT ck_llm_requests_post_to_respond_to CHECK (request_type <> 'respond_to_post' OR post_id_to_respond_to IS NOT NULL),
    CONSTRAINT fk_llm_requests_parent_request_id_llm_requests FOREIGN KEY(parent_request_id) REFERENCES llm_requests (request_id),
    CONSTRAINT fk_llm_requests_post_id_to_respond_to_posts FOREIGN KEY(post_id_to_respond_to) REFERENCES posts (post_id),
    CONSTRAINT fk_llm_requests_reply_post_id_posts FOREIGN KEY(reply_post_id) REFERENCES posts (post_id) ON DELETE SET NULL,
    CONSTRAINT fk_llm_requests_server_id_servers FOREIGN KEY(server_id) REFERENCES servers (server_id) ON DELETE SET NULL,
    CONSTRAINT fk_llm_requests_llm_persona_personas FOREIGN KEY(llm_persona) REFERENCES personas (persona_id)
)
;
CREATE INDEX ix_llm_requests_parent_request_id ON llm_requests (parent_request_id) WHERE parent_request_id IS NOT NULL
;
CREATE INDEX ix_llm_requests_post_id_to_respond_to ON llm_requests (post_id_to_respond_to)
;
CREATE INDEX ix_llm_requests_reply_post_id ON llm_requests (reply_post_id)
;
CREATE INDEX ix_llm_requests_status ON llm_requests (status, position, request_id)
;
CREATE TABLE post_revisions (
    revision_id INTEGER NOT NULL,
    post_id INTEGER NOT NULL,
    content TEXT NOT NULL,
    replaced_at DATETIME NOT NULL,
    CONSTRAINT pk_post_revisions PRIMARY KEY (revision_id),
    CONSTRAINT fk_post_revisions_post_id_posts FOREIGN KEY(post_id) REFERENCES posts (post_id) ON DELETE CASCADE
)
;
CREATE INDEX ix_post_revisions_post_id ON post_revisions (post_id, revision_id)
"""


def upgrade() -> None:
    for statement in SCHEMA.strip().split("\n;\n"):
        op.execute(statement)
    connection = op.get_bind()
    connection.exec_driver_sql("INSERT INTO users (user_id, username) VALUES (1, 'User')")
    for statement in (
        "INSERT INTO personas (persona_id, name, name_key, description, prompt_instructions, created_at, "
        "updated_at, is_active, version, generation_source) VALUES (1, 'Assistant', 'assistant', "
        "'Answers when nobody else is set', ?, strftime('%Y-%m-%d %H:%M:%f000', 'now'), "
        "strftime('%Y-%m-%d %H:%M:%f000', 'now'), 1, 1, 'built_in')",
        "INSERT INTO persona_versions (persona_id, version, name, description, prompt_instructions, created_at, "
        "note) VALUES (1, 1, 'Assistant', 'Answers when nobody else is set', ?, "
        "strftime('%Y-%m-%d %H:%M:%f000', 'now'), 'Built in')",
    ):
        connection.exec_driver_sql(statement, (FALLBACK_INSTRUCTIONS,))
